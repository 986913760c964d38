// An SMS centre for tests, on npm's smpp: another hand than the one that wrote callcore's side of SMPP.
//
// Control: one JSON object a line on standard input, one answered on standard output.
//   {"configure": {…}}  change the options below        {"report": true}  counts and messages
// Ends when standard input ends, so it never outlives its parent. Listens on 127.0.0.1 only.

'use strict'

const readline = require('readline')
const smpp = require('smpp')

const RECEIPT_WINDOW = 100
const AGAIN_MS = 100
const DONE = { failed: ['UNDELIV', 5, '001'], delivered: ['DELIVRD', 2, '000'] }

const options = {
  password: 'secret',
  bind_status: 0, // not 0: refuse every bind with it
  per_second: 0, // more in one second are throttled; 0: no limit
  status: 0, // not 0: answer every message with it
  statuses: [], // answers to the next messages, one each; then as usual
  refused: [], // numbers: ESME_RINVDSTADR
  failing: [], // numbers: accepted, then UNDELIV
  receipts: 'after', // after, before (the answer), twice, never
  receipt_ms: 0, // how late
  receipt_by: 'both', // both, tlv, text
  ids: 'same', // same; hex_answers, hex_receipts: the other is decimal
  drop_after: 0, // cut the link on the so many-th message from now, unanswered
  silent: false, // take messages and never answer
  deaf: false // answer nothing at all, not even enquire_link
}
const got = { binds: 0, refused_binds: 0, submits: 0, accepted: 0, throttled: 0, acknowledged: 0, put_off: 0 }
const messages = [] // whole ones, as a handset would show them
const halves = new Map()
const waiting = new Map() // receipts not acknowledged; they go to a session of the system_id that sent
const bound = new Map() // sessions and their system_id
let underway = 0
let receiptNumber = 0
let untilDrop = 0
let accepted = [] // moments of the last second
let nextId = Date.now() * 1000 // a restarted centre never gives an id twice

const server = smpp.createServer(session => {
  session.setMaxListeners?.(0)
  session.on('error', () => session.destroy())
  session.on('close', () => {
    bound.delete(session)
    for (const receipt of waiting.values()) if (receipt.session === session) receipt.session = null
    underway = [...waiting.values()].filter(receipt => receipt.session).length
  })
  session.on('bind_transceiver', pdu => bind(session, pdu))
  session.on('enquire_link', pdu => { if (!options.deaf) session.send(pdu.response()) })
  session.on('unbind', pdu => { bound.delete(session); session.send(pdu.response()); session.close() })
  session.on('submit_sm', pdu => submit(session, pdu))
})

function bind (session, pdu) {
  const status = options.bind_status || (pdu.password === options.password ? 0 : smpp.ESME_RINVPASWD)
  session.send(pdu.response({ command_status: status, system_id: 'smsc' }))
  if (status) {
    got.refused_binds++
    session.close()
    return
  }
  got.binds++
  bound.set(session, pdu.system_id)
  pump()
}

function submit (session, pdu) {
  got.submits++
  if (!bound.has(session)) return session.send(pdu.response({ command_status: smpp.ESME_RINVBNDSTS }))
  if (untilDrop > 0 && --untilDrop === 0) {
    keep(pdu)
    return session.destroy()
  }
  if (options.silent || options.deaf) return keep(pdu)
  const status = options.statuses.shift() || options.status || judge(pdu)
  if (status) {
    if (status === smpp.ESME_RTHROTTLED) got.throttled++
    return session.send(pdu.response({ command_status: status }))
  }
  got.accepted++
  keep(pdu)
  const id = ++nextId
  const answer = () => session.send(pdu.response({ message_id: spelt(id, options.ids === 'hex_answers') }))
  if (options.receipts !== 'before') answer()
  const times = { never: 0, twice: 2 }[options.receipts] ?? 1
  for (let count = 0; count < times; count++) report(pdu, id, bound.get(session))
  if (options.receipts === 'before') answer()
}

function judge (pdu) {
  if (options.refused.includes(pdu.destination_addr)) return smpp.ESME_RINVDSTADR
  if (!options.per_second) return 0
  const now = performance.now()
  accepted = accepted.filter(moment => now - moment < 1000)
  if (accepted.length >= options.per_second) return smpp.ESME_RTHROTTLED
  accepted.push(now)
  return 0
}

function spelt (id, inHex) {
  return inHex ? id.toString(16).toUpperCase() : String(id)
}

// --- texts, joined as a handset does

function keep (pdu) {
  const { message, udh } = pdu.short_message
  const part = (udh || []).find(element => element[0] === 0)
  const about = {
    to: pdu.destination_addr,
    to_ton: pdu.dest_addr_ton,
    from: pdu.source_addr,
    from_ton: pdu.source_addr_ton,
    coding: pdu.data_coding,
    registered: pdu.registered_delivery
  }
  if (!part) return messages.push({ ...about, text: message, parts: 1 })
  const [, , reference, total, number] = part
  const key = `${about.to} ${about.from} ${reference}`
  const pieces = halves.get(key) || new Map()
  pieces.set(number, message)
  halves.set(key, pieces)
  if (pieces.size < total) return
  halves.delete(key)
  const text = Array.from({ length: total }, (_, place) => pieces.get(place + 1)).join('')
  messages.push({ ...about, text, parts: total })
}

// --- receipts

function report (pdu, id, owner) {
  const [stat, state, err] = DONE[options.failing.includes(pdu.destination_addr) ? 'failed' : 'delivered']
  const spelling = spelt(id, options.ids === 'hex_receipts')
  const text = `id:${spelling} sub:001 dlvrd:001 submit date:2601011200 done date:260101120005 ` +
    `stat:${stat} err:${err} text:`
  const receipt = {
    esm_class: 4,
    source_addr: pdu.destination_addr,
    source_addr_ton: pdu.dest_addr_ton,
    source_addr_npi: pdu.dest_addr_npi,
    destination_addr: pdu.source_addr,
    data_coding: 0,
    short_message: options.receipt_by === 'tlv' ? '' : text
  }
  if (options.receipt_by !== 'text') Object.assign(receipt, { receipted_message_id: spelling, message_state: state })
  const key = ++receiptNumber
  const ready = () => { waiting.set(key, { receipt, owner, session: null }); pump() }
  if (options.receipt_ms) setTimeout(ready, options.receipt_ms)
  else ready()
}

function pump () {
  if (options.deaf) return
  for (const [key, entry] of waiting) {
    if (underway >= RECEIPT_WINDOW) return
    if (entry.session || entry.later) continue
    const session = [...bound.keys()].find(one => bound.get(one) === entry.owner)
    if (!session) continue
    entry.session = session
    underway++
    session.deliver_sm({ ...entry.receipt }, answer => acknowledged(key, entry, answer))
  }
}

function acknowledged (key, entry, answer) {
  underway--
  if (answer.command_status === 0) {
    got.acknowledged++
    waiting.delete(key)
  } else {
    got.put_off++
    Object.assign(entry, { session: null, later: true })
    setTimeout(() => { entry.later = false; pump() }, AGAIN_MS)
  }
  pump()
}

// --- control

function command (line) {
  const order = JSON.parse(line)
  if (order.configure) {
    Object.assign(options, order.configure)
    if ('drop_after' in order.configure) untilDrop = options.drop_after
    if (order.configure.hang_up) for (const session of bound.keys()) session.destroy()
    pump()
  }
  say({ ...got, unacknowledged: waiting.size, halves: halves.size, ...(order.report ? { messages } : {}) })
}

function say (object) {
  process.stdout.write(JSON.stringify(object) + '\n')
}

const lines = readline.createInterface({ input: process.stdin })
lines.on('line', command)
lines.on('close', () => process.exit(0))
server.listen(Number(process.argv[2] || 0), '127.0.0.1', () => say({ port: server.address().port }))
server.on('error', fault => { process.stderr.write(`${fault.message}\n`); process.exit(1) })
