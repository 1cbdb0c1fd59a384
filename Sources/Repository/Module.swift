enum RepositoryModule {}
