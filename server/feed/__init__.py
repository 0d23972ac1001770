"""Microsoft's endpoint list, kept new: asking its web service, what changed, what that means here, and who uses the newest list."""
