"""The reference model of platform, TDX module and kernel driver: forwards it simulates, backwards it replays."""
