"""Sentences for people: refusals, events, notices and findings, looked up when a page is rendered."""
