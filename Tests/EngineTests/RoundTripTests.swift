import Testing
@Suite("round trips") struct RoundTripTests { @Test("x") func x() {} }
