// node render.js FORMULAS.json OUT.jsonl [START]: formulas in every rendering of the packages beside it.
// With START only MathJax 2, from that formula on: it dies of some, and is then started again.
const fs = require('fs');
const [, , source, target, start] = process.argv;
const formulas = JSON.parse(fs.readFileSync(source, 'utf8'));
const out = fs.openSync(target, start === undefined ? 'w' : 'a');
const write = (renderer, at, html) => fs.writeSync(out, JSON.stringify({ renderer, at, html }) + '\n');
const attempt = (renderer, at, make) => {
  try { const html = make(); if (html) write(renderer, at, html); } catch (error) { write(renderer, at, null); }
};
function katex() {
  for (const [name, pkg] of [['katex 0.12', 'katex-0.12'], ['katex 0.16', 'katex-0.16'], ['katex new', 'katex']]) {
    const katex = require(pkg);
    const options = { throwOnError: true, strict: 'ignore' };
    formulas.forEach(([tex, displayMode], at) => {
      attempt(name + ' annotated', at, () => katex.renderToString(tex, { ...options, displayMode }));
      attempt(name + ' html', at, () => katex.renderToString(tex, { ...options, displayMode, output: 'html' }));
    });
  }
}
function old() {
  const root = 'mathjax-full/js/';
  const { mathjax } = require(root + 'mathjax.js');
  const { TeX } = require(root + 'input/tex.js');
  const { AllPackages } = require(root + 'input/tex/AllPackages.js');
  const { CHTML } = require(root + 'output/chtml.js');
  const { SVG } = require(root + 'output/svg.js');
  const { liteAdaptor } = require(root + 'adaptors/liteAdaptor.js');
  const { RegisterHTMLHandler } = require(root + 'handlers/html.js');
  const { AssistiveMmlHandler } = require(root + 'a11y/assistive-mml.js');
  const { SerializedMmlVisitor } = require(root + 'core/MmlTree/SerializedMmlVisitor.js');
  const { STATE } = require(root + 'core/MathItem.js');
  const adaptor = liteAdaptor();
  const plain = RegisterHTMLHandler(adaptor);
  const packages = AllPackages.filter((name) => name !== 'bussproofs');
  const input = () => new TeX({ packages, formatError: (jax, error) => { throw error; } });
  const documents = {};
  for (const [name, make] of [['chtml', () => new CHTML({ fontURL: 'x' })], ['svg', () => new SVG({ fontCache: 'local' })], ['svg nocache', () => new SVG({ fontCache: 'none' })]])
    documents['mathjax 3 ' + name + ' bare'] = mathjax.document('', { InputJax: input(), OutputJax: make() });
  AssistiveMmlHandler(plain);
  documents['mathjax 3 chtml assistive'] = mathjax.document('', { InputJax: input(), OutputJax: new CHTML({ fontURL: 'x' }) });
  documents['mathjax 3 svg assistive'] = mathjax.document('', { InputJax: input(), OutputJax: new SVG({ fontCache: 'local' }) });
  for (const [name, document] of Object.entries(documents))
    formulas.forEach(([tex, display], at) => attempt(name, at, () => adaptor.outerHTML(document.convert(tex, { display }))));
  const visitor = new SerializedMmlVisitor();
  formulas.forEach(([tex, display], at) => attempt('mathjax 3 mml', at, () =>
    visitor.visitTree(documents['mathjax 3 chtml bare'].convert(tex, { display, end: STATE.CONVERT }))));
}
function temml() {
  const temml = require('temml');
  formulas.forEach(([tex, displayMode], at) => {
    attempt('temml annotated', at, () => temml.renderToString(tex, { displayMode, annotate: true, throwOnError: true }));
    attempt('temml bare', at, () => temml.renderToString(tex, { displayMode, throwOnError: true }));
  });
}
async function four() {
  const load = (name) => import('@mathjax/src/js/' + name);
  const { mathjax } = await load('mathjax.js');
  await load('util/asyncLoad/esm.js');
  const { TeX } = await load('input/tex.js');
  for (const name of ['base/BaseConfiguration', 'ams/AmsConfiguration', 'boldsymbol/BoldsymbolConfiguration', 'cancel/CancelConfiguration', 'newcommand/NewcommandConfiguration', 'mathtools/MathtoolsConfiguration'])
    await load('input/tex/' + name + '.js');
  const { CHTML } = await load('output/chtml.js');
  const { SVG } = await load('output/svg.js');
  const { liteAdaptor } = await load('adaptors/liteAdaptor.js');
  const { RegisterHTMLHandler } = await load('handlers/html.js');
  const { AssistiveMmlHandler } = await load('a11y/assistive-mml.js');
  const adaptor = liteAdaptor();
  const plain = RegisterHTMLHandler(adaptor);
  const input = () => new TeX({ packages: ['base', 'ams', 'boldsymbol', 'cancel', 'newcommand', 'mathtools'], formatError: (jax, error) => { throw error; } });
  const documents = {};
  documents['mathjax 4 chtml latex'] = mathjax.document('', { InputJax: input(), OutputJax: new CHTML({ fontURL: 'x' }) });
  documents['mathjax 4 svg latex'] = mathjax.document('', { InputJax: input(), OutputJax: new SVG({ fontCache: 'local' }) });
  AssistiveMmlHandler(plain);
  documents['mathjax 4 chtml assistive'] = mathjax.document('', { InputJax: input(), OutputJax: new CHTML({ fontURL: 'x' }) });
  for (const [name, document] of Object.entries(documents))
    for (let at = 0; at < formulas.length; at++) {
      const [tex, display] = formulas[at];
      try { write(name, at, adaptor.outerHTML(await document.convertPromise(tex, { display }))); } catch (error) { if (at < 3) console.error(String(error).slice(0, 300)); write(name, at, null); }
    }
}
async function two() {
  const mj = require('mathjax-node');
  mj.config({ displayErrors: false, displayMessages: false, MathJax: {} });
  mj.start();
  for (let at = Number(start); at < formulas.length; at++) {
    const [math, display] = formulas[at];
    await new Promise((done) => mj.typeset({ math, format: display ? 'TeX' : 'inline-TeX', html: true, svg: true, mml: true }, (data) => {
      const fine = !data.errors;
      write('mathjax 2 chtml', at, fine ? data.html : null);
      write('mathjax 2 svg', at, fine ? data.svg : null);
      write('mathjax 2 mml', at, fine ? data.mml : null);
      done();
    }));
  }
}
(async () => {
  if (start === undefined) { katex(); old(); temml(); await four(); } else await two();
  process.exit(0);
})();
