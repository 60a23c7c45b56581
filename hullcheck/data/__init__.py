"""Dated tables of facts about the world; an audit needs no network for them."""
