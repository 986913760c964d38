"""The shell around ``calls``: takes facts, drives the tracker, has the effects carried out."""
