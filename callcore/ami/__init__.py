"""The AMI room: everything that speaks Asterisk's manager interface; outside of it no AMI word is spoken."""
