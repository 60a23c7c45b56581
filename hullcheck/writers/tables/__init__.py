"""Tables of findings and of requirements, for spreadsheets and databases."""
