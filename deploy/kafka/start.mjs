#!/usr/bin/env node
// One real Kafka broker (KRaft) on 127.0.0.1, for tests and the demo: node deploy/kafka/start.mjs <folder> <port>
// Takes port and port+1. Prints one line of JSON, {"bootstrap", "pid"}, once the broker answers; SIGINT, SIGTERM or the end of standard
// input stops it. Needs a JRE 17 and, the first time, Maven. KAFKA_VERSION (4.3.1) picks another line.
import { Buffer } from 'node:buffer';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const version = process.env.KAFKA_VERSION ?? '4.3.1';
const libs = path.join(import.meta.dirname, `libs-${version}`);
const host = '127.0.0.1';
const readyWithinMs = 60_000;

const [folder, portText] = process.argv.slice(2);
const port = Number(portText);
if (!folder || !port) {
  console.error('usage: start.mjs <folder> <port>');
  process.exit(2);
}
const home = path.resolve(folder);

fetchJars();
const classpath = path.join(libs, '*');
writeConfiguration();
if (!existsSync(path.join(home, 'data', 'meta.properties'))) format();
const broker = launch();
await untilReady();
console.log(JSON.stringify({ bootstrap: `${host}:${port}`, pid: broker.pid }));

/** Once per version; into a folder that gets its name when it is complete. */
function fetchJars() {
  if (existsSync(libs)) return;
  const unfinished = `${libs}.${process.pid}`;
  const pom = path.join(import.meta.dirname, 'pom.xml');
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${unfinished}`];
  const { error, status, stdout, stderr } = spawnSync('mvn', ['-B', '-q', '-f', pom, `-Dkafka.version=${version}`, ...goal], {
    encoding: 'utf8',
  });
  if (error ?? status) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new Error(`mvn could not fetch Kafka ${version}: ${error?.message ?? stdout + stderr}`);
  }
  if (existsSync(libs)) rmSync(unfinished, { recursive: true });
  else renameSync(unfinished, libs);
}

function writeConfiguration() {
  mkdirSync(home, { recursive: true });
  const one = (name) => ({ [`${name}.replication.factor`]: 1, [`${name}.num.partitions`]: 1 });
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${host}:${port + 1}`,
    listeners: `PLAINTEXT://${host}:${port},CONTROLLER://${host}:${port + 1}`,
    'advertised.listeners': `PLAINTEXT://${host}:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': path.join(home, 'data'),
    'auto.create.topics.enable': false,
    'message.max.bytes': 8 * 1024 * 1024,
    // One node cannot hold the three copies that are the default: without these no consumer group ever starts.
    ...one('offsets.topic'),
    ...one('transaction.state.log'),
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    // How long a restart after a kill waits for the dead registration.
    'broker.session.timeout.ms': 2000,
    'broker.heartbeat.interval.ms': 500,
    'log.segment.delete.delay.ms': 1000,
    'log.cleaner.dedupe.buffer.size': 8 * 1024 * 1024,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(path.join(home, 'server.properties'), lines.join(''));
  writeFileSync(
    path.join(home, 'log4j2.xml'),
    `<Configuration status="OFF" shutdownHook="disable"><Appenders><Console name="C"/></Appenders>
     <Loggers><Root level="WARN"><AppenderRef ref="C"/></Root></Loggers></Configuration>`,
  );
}

function javaArguments(...more) {
  const log4j = `-Dlog4j2.configurationFile=${path.join(home, 'log4j2.xml')}`;
  return [
    '-Xmx256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-Djava.net.preferIPv4Stack=true',
    log4j,
    '-cp',
    classpath,
    ...more,
  ];
}

function format() {
  const properties = path.join(home, 'server.properties');
  // A cluster of its own: whoever keeps a position in another one must see that this is new. (An id that begins with - is no id.)
  const clusterId = `A${randomBytes(16).toString('base64url').slice(1)}`;
  const run = javaArguments('kafka.tools.StorageTool', 'format', '--cluster-id', clusterId, '--config', properties);
  const { error, status, stdout, stderr } = spawnSync('java', run, { encoding: 'utf8' });
  if (error ?? status) throw new Error(`formatting ${home}: ${error?.message ?? stdout + stderr}`);
}

function launch() {
  const log = openSync(path.join(home, 'broker.log'), 'a');
  // Detached: Ctrl-C in a terminal reaches this script alone, which then stops the broker once.
  const child = spawn('java', javaArguments('kafka.Kafka', path.join(home, 'server.properties')), {
    stdio: ['ignore', log, log],
    detached: true,
  });
  child.on('exit', (code, signal) => {
    if (code !== 0 && code !== 143) console.error(`the broker ended: ${code ?? signal}, see ${path.join(home, 'broker.log')}`);
    process.exit(code === 143 ? 0 : (code ?? 1));
  });
  let deadline;
  const stop = () => {
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    deadline ??= globalThis.setTimeout(() => child.kill('SIGKILL'), 10_000);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  process.stdin.on('end', stop).resume();
  return child;
}

/** Ready is what the broker says of itself, twice: it is in service, and it has a coordinator for groups. An open port is neither. */
async function untilReady() {
  const metadata = { api: 3, version: 4, body: Buffer.from([0, 0, 0, 0, 0]) }; // no topics: the brokers in service
  const coordinator = { api: 10, version: 1, body: Buffer.from([0, 1, 0x77, 0]) }; // of the group "w"
  for (const end = Date.now() + readyWithinMs; Date.now() < end; await sleep(50)) {
    try {
      if ((await ask(metadata)).readInt32BE(4) > 0 && (await ask(coordinator)).readInt16BE(4) === 0) return;
    } catch (error) {
      if (!['ECONNREFUSED', 'ECONNRESET', 'SILENT'].includes(error.code)) throw error;
    }
  }
  broker.kill('SIGKILL');
  throw new Error(`no answer within ${readyWithinMs} ms: ${readFileSync(path.join(home, 'broker.log'), 'utf8').slice(-2000)}`);
}

/** One request on a socket of its own; the answer from its correlation id on. */
function ask({ api, version, body }) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, host);
    let answer = Buffer.alloc(0);
    const silent = () => socket.destroy(Object.assign(new Error('no answer'), { code: 'SILENT' }));
    socket.setTimeout(1500, silent);
    socket.on('error', reject).on('end', silent);
    socket.on('connect', () => {
      const head = Buffer.alloc(14);
      head.writeInt32BE(head.length - 4 + body.length, 0);
      head.writeInt16BE(api, 4);
      head.writeInt16BE(version, 6);
      head.writeInt16BE(-1, 12); // no client id
      socket.write(Buffer.concat([head, body]));
    });
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return;
      socket.end();
      resolve(answer.subarray(8));
    });
  });
}
