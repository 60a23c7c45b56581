"""Judgement that several controls share, and the words for it."""
