enum CommandModule {}
