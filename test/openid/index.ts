export { type BrowserSession, browse, type DemoIssuer, startDemoIssuer } from './demo-issuer.js';
