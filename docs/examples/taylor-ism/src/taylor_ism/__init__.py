"""In-silico mutagenesis to first order: a plugin of gxarena."""
