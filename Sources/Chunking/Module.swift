enum ChunkingModule {}
