"""Noise injection nodes (NINs): the helper package of the executable companion to the paper."""
