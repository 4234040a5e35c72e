// Recorded calls in order: parameters that name earlier answers, answers and errors compared.
'use strict';

const { Match } = require('./match.js');

// "${3.a.b[0]}" is from what step 3 answered.
function lookup(answers, step, path) {
  return path.split(/[.[\]]+/).filter((key) => key !== '').reduce((value, key) => value?.[key], answers.get(Number(step)));
}

function resolve(value, answers) {
  if (Array.isArray(value))
    return value.map((item) => resolve(item, answers));
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, answers)]));
  if (typeof value !== 'string')
    return value;
  const whole = /^\$\{(?:call)?(\d+)\.([\w.[\]]+)\}$/.exec(value);
  if (whole)
    return lookup(answers, whole[1], whole[2]);
  return value.replace(/\$\{(?:call)?(\d+)\.([\w.[\]]+)\}/g, (all, step, path) => {
    const found = lookup(answers, step, path);
    return typeof found === 'string' ? found : all;
  });
}

// "An error occurred (CODE) when calling the OP operation: MESSAGE"
function sentence(expected, error) {
  return expected.startsWith('Parameter validation failed') ||
    (expected.startsWith(`An error occurred (${error.code}) when calling the `) && expected.endsWith(`: ${error.message}`));
}

// Why the error of step `index` is not the recorded one; '' when it is.
function compareError(match, index, expected, { reply, error }) {
  if (!error)
    return `expected an error but was answered ${JSON.stringify(reply)}`;
  const shown = `${error.code}: ${error.message}`;
  if (typeof expected === 'string')
    return sentence(expected, error) ? '' : `expected ${expected} but was ${shown}`;
  if (expected.code === undefined)
    return (expected.message ?? '').startsWith('Parameter validation failed') || expected.any ? '' : `unexpected ${shown}`;
  if (expected.code !== error.code)
    return `expected ${expected.code}: ${expected.message} but was ${shown}`;
  if (expected.httpStatus !== undefined && expected.httpStatus !== error.status)
    return `expected status ${expected.httpStatus} but was ${error.status}`;
  // Some errors were recorded from an emulator, in words of its own: there the name counts.
  if (expected.message && !expected.message.startsWith('Error=')) {
    match.why = '';
    if (!match.value(`/steps/${index}/expect_error/message`, expected.message, error.message))
      return match.why;
  }
  return '';
}

function compareStep(match, index, step, answer) {
  match.why = '';
  if (step.expect_error !== undefined)
    return compareError(match, index, step.expect_error, answer);
  if (step.expect === undefined || step.expect === null)
    return '';
  if (answer.error)
    return `unexpected ${answer.error.code}: ${answer.error.message}`;
  return match.value(`/steps/${index}/expect`, step.expect, answer.reply) ? '' : match.why;
}

module.exports = { Match, resolve, compareStep };
