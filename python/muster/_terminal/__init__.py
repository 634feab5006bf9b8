"""What is shown to people: texts made harmless, sizes and progress."""
