"""Enrolment, certificates, plans."""
