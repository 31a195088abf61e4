"""How little must be unknown for the model to decide otherwise: a plugin of gxarena."""
