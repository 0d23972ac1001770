"""One file per revision, oldest `r0001`. A released one is never changed."""
