// Pictures in the text of the editor: made small enough, without what a camera writes beside
// them, and named where the caret is.
"use strict";

const SIDE = 1600;
const SMALLEST = 160;
const GOOD = 200000;
const DEFINITION = /^\[([^\]]+)\]: (data:image\/\S+)$/;

const drawn = (picture, scale, ground) => {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext("2d");
  if (ground) {
    pen.fillStyle = ground;
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
};

// Drawings stay sharp as PNG; what is too large so, photographs above all, becomes JPEG.
const small = (picture, kind, room) => {
  const most = Math.min(GOOD, room);
  let scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  if (kind !== "image/jpeg") {
    const sharp = drawn(picture, scale).toDataURL("image/png");
    if (sharp.length <= most) return sharp;
  }
  while (picture.width * scale >= SMALLEST || picture.height * scale >= SMALLEST) {
    const canvas = drawn(picture, scale, "#fff");
    for (const quality of [0.85, 0.7, 0.55]) {
      const uri = canvas.toDataURL("image/jpeg", quality);
      if (uri.length <= most) return uri;
    }
    scale *= 0.75;
  }
  return null;
};

// The text of a field, and beside it the data of the pictures that it names. Nobody reads
// these, and a browser takes long to lay out lines of such a length with every key.
class Pictures {
  constructor(text) {
    this.text = text;
    this.data = new Map();
    this.whole = text.value;
    this.bar = document.querySelector("#editor .pictures");
    if (this.bar && window.createImageBitmap) this.offer();
  }

  // What is saved: the text with the data at its end.
  get whole() {
    const named = [...this.data].filter(([name]) => this.text.value.includes(`[${name}]`));
    if (named.length === 0) return this.text.value;
    const definitions = named.map(([name, uri]) => `[${name}]: ${uri}`);
    return `${this.text.value.trimEnd()}\n\n${definitions.join("\n")}\n`;
  }

  set whole(value) {
    const lines = value.trimEnd().split("\n");
    const found = [];
    for (let one = DEFINITION.exec(lines.at(-1)); one; one = DEFINITION.exec(lines.at(-1) || "")) {
      found.unshift([one[1], one[2]]);
      lines.pop();
    }
    this.data = new Map(found);
    this.text.value = found.length > 0 ? lines.join("\n").trimEnd() : value;
    // Whatever does not come back as it was stays in the field.
    if (this.whole.trim() === value.trim()) return;
    this.data.clear();
    this.text.value = value;
  }

  offer() {
    const [button, file, said] = this.bar.children;
    this.say = (words) => { said.textContent = words; };
    button.addEventListener("click", () => file.click());
    file.addEventListener("change", async () => {
      if (file.files[0]) await this.take(file.files[0]);
      file.value = "";
    });
    for (const [kind, of] of [["paste", "clipboardData"], ["drop", "dataTransfer"]]) {
      this.text.addEventListener(kind, (event) => {
        const chosen = [...event[of].files].find((one) => one.type.startsWith("image/"));
        if (!chosen) return;
        event.preventDefault();
        this.take(chosen);
      });
    }
    this.bar.hidden = false;
  }

  async take(chosen) {
    const words = this.bar.dataset;
    this.say("");
    let picture = null;
    try {
      picture = await createImageBitmap(chosen);
    } catch {
      return this.say(words.unreadable);
    }
    const room = Number(words.room) - [...this.whole].length - words.words.length - 40;
    const uri = small(picture, chosen.type, room);
    picture.close();
    if (!uri) return this.say(words.noRoom);
    this.insert(uri, words.words);
    this.say(words.done);
  }

  // The description is selected, so that whoever types writes over it.
  insert(uri, words) {
    let number = 1;
    while (this.text.value.includes(`[p${number}]`) || this.data.has(`p${number}`)) number += 1;
    const from = this.text.selectionStart;
    this.data.set(`p${number}`, uri);
    this.text.setRangeText(`![${words}][p${number}]`, from, this.text.selectionEnd, "end");
    this.text.focus();
    this.text.setSelectionRange(from + 2, from + 2 + words.length);
    this.text.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

