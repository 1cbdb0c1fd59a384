enum DrillsModule {}
