"""The values that flow between the rooms; the standard library and numpy only."""
