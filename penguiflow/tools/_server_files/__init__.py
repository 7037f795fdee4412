"""Files that list tool servers: the text, the entries in it, and writing a file whole."""
