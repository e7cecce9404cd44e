"""What a person does with their account as a whole: name, address, language, a copy of the data, closing it."""
