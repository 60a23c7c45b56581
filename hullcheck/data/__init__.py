"""Tables of facts about the world outside of a target, each with its date; a run asks no network for them."""
