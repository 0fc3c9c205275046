"""Does a path lead from this leaf to a trust anchor, and is the leaf fit to be one?

`presented` decodes what came, `path` asks the engine, `memory` keeps what the engine has
accepted, `diagnosis` explains a refusal, `leaf` checks the leaf's profile. The properties that
the leaf gives of a device are decoded in `properties`.
"""
