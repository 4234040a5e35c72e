// Plays cases against `mstep serve` with AWS's own clients: node driver.js SUITE [PART OF A NAME]. A suite is a
// file here, suite_NAME.js, with cases(corpus) -> [{name, run}]; run throws, or returns a list of
// {step, why}, empty when all is well; {name, skip: reason} is not played, which is said. What is expected to differ stands in exceptions.txt, `SUITE/NAME[#STEP]: reason`.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const SKIPPED = 77;
const AT_ONCE = Number(process.env.MSTEP_SDK_JOBS ?? 6);

function exceptions(suite) {
  const found = new Map();
  for (const line of fs.readFileSync(path.join(__dirname, 'exceptions.txt'), 'utf8').split('\n')) {
    const [, key, reason] = /^([^#][^:]*?): (.+)$/.exec(line) ?? [];
    if (key?.startsWith(`${suite}/`))
      found.set(key.slice(suite.length + 1), reason);
  }
  return found;
}

function corpus() {
  const folder = process.env.MSTEP_CORPUS ?? path.join(__dirname, '../../../shared/corpus');
  return fs.existsSync(path.join(folder, 'asl')) ? folder : undefined;
}

async function problems(one) {
  try {
    return (await one.run()) ?? [];
  } catch (error) {
    return [{ step: 0, why: process.env.MT_VERBOSE ? error.stack : error.message }];
  }
}

async function play(cases, excused, atOnce) {
  const unused = new Set(excused.keys()), queue = [...cases], count = { ran: 0, excused: 0, failed: 0 };
  const check = async (one) => {
    const found = await problems(one);
    const left = found.filter(({ step }) => {
      const key = [one.name, `${one.name}#${step}`].find((name) => excused.has(name));
      unused.delete(key);
      return key === undefined;
    });
    count.ran++;
    count.excused += found.length > left.length ? 1 : 0;
    count.failed += left.length > 0 ? 1 : 0;
    for (const { step, why } of left)
      console.log(`# ${one.name}#${step}: ${String(why).slice(0, Number(process.env.MT_WIDTH ?? 900))}`);
  };
  await Promise.all(Array.from({ length: atOnce ?? AT_ONCE }, async () => {
    while (queue.length > 0)
      await check(queue.shift());
  }));
  return { count, unused };
}

// What is not played, by reason.
function tellSkipped(skipped) {
  const reasons = new Map();
  for (const { name, skip } of skipped)
    reasons.set(skip, [...reasons.get(skip) ?? [], name]);
  for (const [reason, names] of reasons)
    console.log(`# not played, ${names.length}: ${reason}${process.env.MT_VERBOSE ? `: ${names.join(' ')}` : ''}`);
}

async function main([suite, only]) {
  if (!process.env.MSTEP_BIN || !fs.existsSync(path.join(process.env.MSTEP_SDK ?? '', 'node_modules'))) {
    console.log('1..0 # skipped: AWS\'s clients are not installed: tests/sdk/install.sh DIRECTORY does that');
    process.exit(SKIPPED);
  }
  const { cases, needsCorpus, atOnce } = require(`./suite_${suite}.js`);
  const folder = corpus();
  if (needsCorpus && folder === undefined) {
    console.log('1..0 # skipped: no recorded cases here; MSTEP_CORPUS names where they are');
    process.exit(SKIPPED);
  }
  const excused = exceptions(suite);
  const all = cases(folder, excused).filter(({ name }) => only === undefined || name.includes(only));
  const skipped = all.filter(({ skip }) => skip);
  const { count, unused } = await play(all.filter(({ skip }) => !skip), excused, atOnce);
  tellSkipped(skipped);
  if (only === undefined)
    for (const key of unused) {
      console.log(`# ${key}: passes, or is no case, but is listed in exceptions.txt`);
      count.failed++;
    }
  console.log(`# ${suite}: ${count.ran} cases, ${count.excused} with exceptions, ${count.failed} failed, ${skipped.length} not played`);
  console.log(`1..1\n${count.failed === 0 && count.ran > 0 ? 'ok' : 'not ok'} 1 - ${suite}`);
  process.exit(count.failed === 0 && count.ran > 0 ? 0 : 1);
}

main(process.argv.slice(2));
