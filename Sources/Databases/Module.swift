enum DatabasesModule {}
