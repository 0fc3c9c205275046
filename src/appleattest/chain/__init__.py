"""Does a path lead from this leaf to a trust anchor, and is the leaf fit to be one?

`presented` decodes what came, `path` asks the engine, `memory` spares it what it has already
said, `diagnosis` explains a refusal, `leaf` judges the profile. What the leaf says of a device
is no business of this room.
"""
