"""From the text of a model to one action, or an error that the model can act on."""
