// Runs spec files one after the other in a run where others run side by side: see jest.chaos.config.js.
import TestRunner from 'jest-runner';

export default class OneAtATime extends TestRunner {
  isSerial = true;
}
