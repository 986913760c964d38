"""REST API, event stream, sign-in and the operator's desk."""
