enum ProfilesModule {}
