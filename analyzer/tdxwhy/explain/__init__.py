"""Where events, replay and causes meet: the diagnosis of a log, the preview of a patch."""
