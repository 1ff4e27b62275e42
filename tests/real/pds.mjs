// A Bluesky server (PDS) with a directory of DIDs (PLC) in one process, on this machine alone: it listens on 127.0.0.1 and
// connects to nowhere else. Arguments: the folder of node_modules' parent, the folder of its data. It tells its addresses as
// one line of JSON, and ends when its standard input does.
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const HERE = '127.0.0.1'
const LOCAL = new Set([undefined, HERE, '::1', 'localhost'])
const [home, data] = process.argv.slice(2)

const { listen } = net.Server.prototype
net.Server.prototype.listen = function (...given) {
  const callback = given.findLast((one) => typeof one === 'function')
  const wanted = typeof given[0] === 'object' && given[0] !== null ? given[0] : { port: Number(given[0] ?? 0) }
  return listen.call(this, { ...wanted, host: HERE }, callback)
}

const { connect } = net.Socket.prototype
net.Socket.prototype.connect = function (...given) {
  const wanted = Array.isArray(given[0]) ? given[0][0] : given[0]
  const host = typeof wanted === 'object' ? wanted.host : given[1]
  if (typeof host === 'string' && !LOCAL.has(host)) {
    process.nextTick(() => this.destroy(new Error(`${host} is not on this machine`)))
    return this
  }
  return connect.apply(this, given)
}

const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
const load = (name) => import(pathToFileURL(createRequire(path.join(home, 'package.json')).resolve(name)).href)
const secret = () => randomBytes(32).toString('hex')

mkdirSync(data, { recursive: true })
const { Database, PlcServer } = await load('@did-plc/server')
const { PDS, envToCfg, envToSecrets, readEnv } = await load('@atproto/pds')

const [plcPort, pdsPort] = [await freePort(), await freePort()]
const plc = PlcServer.create({ db: Database.mock(), port: plcPort })
await plc.start()

Object.assign(process.env, {
  PDS_DEV_MODE: 'true',
  PDS_HOSTNAME: 'localhost',
  PDS_PORT: String(pdsPort),
  PDS_DATA_DIRECTORY: data,
  PDS_BLOBSTORE_DISK_LOCATION: path.join(data, 'blobs'),
  PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: secret(),
  PDS_DPOP_SECRET: secret(),
  PDS_JWT_SECRET: secret(),
  PDS_ADMIN_PASSWORD: secret(),
  PDS_DID_PLC_URL: `http://${HERE}:${plcPort}`,
  PDS_INVITE_REQUIRED: 'false',
  PDS_SERVICE_HANDLE_DOMAINS: '.test',
  PDS_DISABLE_SSRF_PROTECTION: 'true',
  LOG_ENABLED: 'false',
})
const env = readEnv()
const pds = await PDS.create(envToCfg(env), envToSecrets(env))
await pds.start()
console.log(JSON.stringify({ pds: `http://${HERE}:${pdsPort}`, plc: `http://${HERE}:${plcPort}` }))

process.stdin.resume().on('end', () => process.exit(0))
