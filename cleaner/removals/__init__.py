"""What goes from finished runs when somebody asks: found, taken out, and kept from coming back."""
