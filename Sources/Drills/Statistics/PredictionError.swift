package import Format

extension Record {
  /// How far the recovery was from what was said before it: positive where it took longer, as a share of the
  /// prediction (0.12 for 12 % longer). Nil without a prediction, and for a recovery that was not proven: it has no
  /// time to recover.
  package var predictionError: Double? {
    guard verdict == .proven, let prediction = particulars?.prediction, prediction.ttr.value > 0 else { return nil }
    return (Double(ttr.value) - Double(prediction.ttr.value)) / Double(prediction.ttr.value)
  }

  /// Whether the recovery took a time within the interval that was said before it; nil where there is no error.
  package var isWithinPrediction: Bool? {
    guard predictionError != nil, let prediction = particulars?.prediction else { return nil }
    return (prediction.low.value...max(prediction.low.value, prediction.high.value)).contains(ttr.value)
  }
}

/// How good past predictions were.
package struct PredictionQuality: Sendable, Equatable {
  /// How many proven records hold a prediction.
  package let count: Int
  /// The mean of the errors without their signs, as a share of the prediction.
  package let meanAbsoluteError: Double
  /// The mean of the errors: what is far from zero, predictions have on one side.
  package let bias: Double
  /// How many recoveries took a time within the interval; four of five are to be expected.
  package let within: Int

  /// Nil where no record holds a prediction.
  package init?(_ records: [Record]) {
    let errors = records.compactMap(\.predictionError)
    guard !errors.isEmpty else { return nil }
    count = errors.count
    meanAbsoluteError = errors.reduce(0) { $0 + abs($1) } / Double(errors.count)
    bias = errors.reduce(0, +) / Double(errors.count)
    within = records.count { $0.isWithinPrediction == true }
  }
}
