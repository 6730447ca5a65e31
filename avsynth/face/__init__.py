"""Where the faces of a film are, which of them speaks, and in which frames they can be changed."""
