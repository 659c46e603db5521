// What a utility process is to its program: `process.parentPort`, and ports that come with messages.
const { EventEmitter } = require("node:events");

const ports = new Map();
process.parentPort = new EventEmitter();
process.on("message", ({ message, ports: numbers, port, data }) => {
  if (port !== undefined) {
    ports.get(port)?.emit("message", { data });
    return;
  }
  const handed = numbers.map((number) => {
    const own = new EventEmitter();
    own.postMessage = (data) => process.send({ port: number, data });
    own.start = () => {};
    ports.set(number, own);
    return own;
  });
  process.parentPort.emit("message", { data: message, ports: handed });
});
process.on("disconnect", () => process.exit());
require(process.argv[2]);
