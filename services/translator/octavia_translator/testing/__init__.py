"""What tests of translation by a language model share: a fake server, and what every server must do."""
