"""Texts in another form, as large models write them: asked once, guarded, kept with their price."""
