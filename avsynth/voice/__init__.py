"""Whose voice: speaker encoders, enrolment, cloners, and speech fitted in time."""
