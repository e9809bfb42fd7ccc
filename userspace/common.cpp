// Nothing but the precompiled header (common.h).
