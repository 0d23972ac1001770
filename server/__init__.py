"""The central program: ingest -> collector -> history and state -> watcher -> console. Imports wire and judge, never agent."""
