"""Tables of facts that do not come from a target, each with its date; no network is needed."""
