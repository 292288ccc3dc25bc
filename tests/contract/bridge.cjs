// jsforce, unmodified, for tests written in Python: one JSON line in, one JSON line out.
//
//   node bridge.cjs FOLDER      FOLDER holds node_modules/jsforce
//
// In:  {"path": "sobject(Account).create", "args": [{"Name": "A"}]}: names joined by dots, from the connection on; one
//      with brackets is called with the text inside; the last is called with `args`.
// Out: {"value": ...} or {"error": {"code", "message"}}

const { createRequire } = require('node:module');
const path = require('node:path');
const readline = require('node:readline');

const jsforce = createRequire(path.join(process.argv[2], 'package.json'))('jsforce');
const LONGEST = 60_000; // milliseconds that a call may take
const connections = new Map();

async function perform({ connection, open, path: names, args }) {
  if (open) {
    connections.set(connection, new jsforce.Connection(open));
    return null;
  }
  let target = connections.get(connection);
  const parts = names.match(/[^.(]+(\([^)]*\))?/g);
  for (const part of parts.slice(0, -1)) {
    const [, name, argument] = part.match(/^(\w+)(?:\(([^)]*)\))?$/);
    target = argument === undefined ? target[name] : target[name](argument);
  }
  return await target[parts.at(-1)](...args);
}

function limited(work) {
  let timer;
  const late = new Promise((_, refuse) => {
    timer = setTimeout(() => refuse(new Error(`no answer within ${LONGEST} ms`)), LONGEST);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  let answer;
  try {
    answer = { value: (await limited(perform(JSON.parse(line)))) ?? null };
  } catch (error) {
    answer = { error: { code: error.errorCode ?? error.name, message: String(error.message) } };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
