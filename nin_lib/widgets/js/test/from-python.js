// Written by `python tests/explorer_pages.py`.
Object.assign(
  globalThis,
  (() => {
const palette = {"phases": {"decoupled": "#4488E0", "decay": "#009E73", "catapult": "#C58500", "divergent": "#D04830"}, "weights": {"w0": "#7F7F7F", "w1": "#D55E00", "w_ni": "#0072B2", "loss": "#CC79A7", "clean_loss": "#009E73"}, "dashes": {"w0": "dot", "w1": "dash", "w_ni": "solid", "loss": "solid", "clean_loss": "dash"}};
return { palette };
})(),
);
Object.assign(
  globalThis,
  (() => {
const limits = {"sigma_eps": {"low": 0, "high": 1000000.0, "strictly": false, "remedy": "0 switches the noise off, and far less than a million lets every run diverge"}, "eta": {"low": 0, "high": 1000000.0, "strictly": true, "remedy": "0.01 is a usual learning rate"}, "batch_size": {"low": 1, "high": 1000000000, "whole": true, "remedy": "it counts the samples of a batch"}, "w0": {"low": -1000000000.0, "high": 1000000000.0, "strictly": false, "remedy": "a run starts near 1, and with a weight beyond 1e8 it has diverged"}, "w1": {"low": -1000000000.0, "high": 1000000000.0, "strictly": false, "remedy": "a run starts near 1, and with a weight beyond 1e8 it has diverged"}, "w_ni": {"low": -1000000000.0, "high": 1000000000.0, "strictly": false, "remedy": "a run starts near 1, and with a weight beyond 1e8 it has diverged"}, "M": {"low": -1000000000.0, "high": 1000000000.0, "strictly": false, "remedy": "it is the slope of the target, 1 in the paper"}, "sigma_x": {"low": 0, "high": 1000000.0, "strictly": false, "remedy": "0 switches the data off, and 1 is the paper's"}, "steps": {"low": 1, "high": 100000, "whole": true, "remedy": "it counts the steps of SGD, and more of them would take more than a second"}, "seed": {"low": 0, "high": 4294967295, "whole": true, "remedy": "any such number will do"}, "vertical": {"choices": ["w1", "w_ni", "eta", "batch_size"]}, "color": {"choices": ["phase", "steps"]}};
return { limits };
})(),
);
Object.assign(
  globalThis,
  (() => {
function makeLinear() {
function run(parameters, start, steps, stream) {
  const {eta, M, sigma_x, sigma_eps, batch_size} = parameters;
  let [w0, w1, w_ni] = start;
  const xx = (sigma_x*sigma_x);
  const ee = (sigma_eps*sigma_eps);
  const xe_unit = -sigma_eps*sigma_x/Math.sqrt(batch_size);
  const record = [w0, w1, w_ni].map(
    value => new Float64Array(steps + 1).fill(value),
  );
  for (let t = 0; t < steps; t++) {
    const Phi = stream[t];
    const xe = Phi*xe_unit;
    const u = -M + w0*w1;
    const v = w1*w_ni;
    const du = u*xx + v*xe;
    const dv = ee*v + u*xe;
    const next_w0 = -du*eta*w1 + w0;
    const next_w1 = -eta*(du*w0 + dv*w_ni) + w1;
    const next_w_ni = -dv*eta*w1 + w_ni;
    w0 = next_w0;
    w1 = next_w1;
    w_ni = next_w_ni;
    if (!(Number.isFinite(w0)
        && Number.isFinite(w1)
        && Number.isFinite(w_ni))) {
      for (const values of record) values.fill(Infinity, t + 1);
      break;
    }
    record[0][t + 1] = w0;
    record[1][t + 1] = w1;
    record[2][t + 1] = w_ni;
  }
  return record;
}

function loss({M, sigma_x, sigma_eps}, w0, w1, w_ni) {
  const u = -M + w0*w1;
  const v = w1*w_ni;
  return (1/2)*(sigma_eps*sigma_eps)*(v*v) + (1/2)*(sigma_x*sigma_x)*(u*u);
}

function clean_loss({M, sigma_x}, w0, w1) {
  const u = -M + w0*w1;
  return (1/2)*(sigma_x*sigma_x)*(u*u);
}

function boundaries({w0, w1, w_ni, eta, M, sigma_x}) {
  const largest = (((Math.abs(w0) >= Math.abs(w1) || Math.abs(w1) >= Math.sqrt(Math.abs(M))) && (Math.abs(w0) >= Math.sqrt(Math.abs(M)) || Math.abs(w0) < Math.abs(w1))) ? (
   ((Math.abs(w0) >= Math.abs(w1)) ? (
      Math.abs(w0)
   )
   : (
      Math.abs(w1)
   ))
)
: (
   Math.sqrt(Math.abs(M))
));
  const scale = ((largest > 0) ? (
   largest
)
: (
   1
));
  const a0 = w0/scale;
  const a1 = w1/scale;
  const m = M/(scale*scale);
  const P = a0*a1;
  const c = -(a0*a0) + (a1*a1);
  const gap = -P + m;
  const full = -0.1*gap + m;
  const end = ((c > 0 || P*full > 0 || c < 0) ? (
   full
)
: (
   0
));
  const R = Math.hypot(c, 2*m);
  const dot_P = 4*P*m + (c*c);
  const dot_end = (c*c) + 4*end*m;
  const len_P = R*Math.hypot(c, 2*P);
  const len_end = R*Math.hypot(c, 2*end);
  const F_P = ((dot_P > 0) ? (
   Math.log(dot_P + len_P) - Math.log(Math.abs(P - m))
)
: (
   -Math.log(-dot_P + len_P) + 2*Math.log(2*Math.abs(c)) + Math.log(Math.abs(P - m))
));
  const F_end = ((dot_end > 0) ? (
   Math.log(dot_end + len_end) - Math.log(Math.abs(end - m))
)
: (
   -Math.log(-dot_end + len_end) + 2*Math.log(2*Math.abs(c)) + Math.log(Math.abs(end - m))
));
  const twist = ((c > 0 || c < 0) ? (
   c*(-F_P + F_end)/R
)
: (
   0
));
  const grown = twist + Math.log(gap/(-end + m));
  const rests = ((Math.abs(w1) <= 0) ? (
   0
)
: (
   Number.POSITIVE_INFINITY
));
  const exposure = ((end == m || (sigma_x*sigma_x) <= 0) ? (
   rests
)
: ((grown > 0) ? (
   (1/2)*grown/(sigma_x*sigma_x)
)
: (
   0
)));
  const rest0 = ((sigma_x > 0) ? (
   w0
)
: (
   0
));
  const rest_M = ((sigma_x > 0) ? (
   M
)
: (
   0
));
  const c_end = -(rest0*rest0) + (w1*w1) - (w_ni*w_ni);
  const R_end = Math.hypot(c_end, 2*rest_M);
  const B_0 = (((w1*w1) >= (w_ni*w_ni)) ? (
   (w1*w1)
)
: (
   (w_ni*w_ni)
));
  const w1_end2 = ((c_end >= 0) ? (
   (1/2)*R_end + (1/2)*c_end
)
: (
   2*(rest_M*rest_M)/(R_end - c_end)
));
  return [Math.sqrt(Math.log(2))/Math.sqrt(exposure), Math.sqrt(2)/(Math.sqrt(B_0)*Math.sqrt(eta)), Math.sqrt(2)/(Math.sqrt(eta)*Math.sqrt(w1_end2)), 2/(Math.sqrt(eta)*Math.sqrt((w1*w1) + (w_ni*w_ni)))];
}

function stability({eta, sigma_eps}, w1, w_ni) {
  return [eta*(sigma_eps*sigma_eps)*(w1*w1), eta*((sigma_eps*sigma_eps)*(w1*w1) + (sigma_eps*sigma_eps)*(w_ni*w_ni))];
}

const [LARGEST_WEIGHT, LEARNED, DECAYED] = [100000000.0, 0.01, 0.5];
return { run, loss, clean_loss, boundaries, stability, LARGEST_WEIGHT, LEARNED, DECAYED };
}
function makeTimescales() {
function passiveFlow({M, sigma_x, sigma_eps}, [w0, w1, w_ni], t) {
  const T = (sigma_x*sigma_x)*t;
  const c = (-w0 + w1)*(w0 + w1);
  const R = Math.sqrt(4*(M*M) + (c*c) + 1.0e-300);
  const v0 = ((c >= 0) ? (
   2*M
)
: (
   R - c
))/Math.sqrt(4*(M*M) + ((R + Math.abs(c))*(R + Math.abs(c))));
  const v1 = ((c >= 0) ? (
   R + c
)
: (
   2*M
))/Math.sqrt(4*(M*M) + ((R + Math.abs(c))*(R + Math.abs(c))));
  const p_plus = v0*w0 + v1*w1;
  const p_minus = -v0*w1 + v1*w0;
  const log_S = Math.log((1 + 2*(p_minus*p_minus)*Math.tanh((1/2)*R*T)/(R*(Math.tanh((1/2)*R*T) + 1)))*Math.exp(-R*T) + 2*(p_plus*p_plus)*Math.tanh((1/2)*R*T)/(R*(Math.tanh((1/2)*R*T) + 1)));
  const log_N = R*T + log_S;
  return [p_minus*v1*Math.exp(-R*T - 1/2*log_S) + p_plus*v0*Math.exp(-1/2*log_S), -p_minus*v0*Math.exp(-R*T - 1/2*log_S) + p_plus*v1*Math.exp(-1/2*log_S), w_ni*Math.exp(-1/2*(sigma_eps*sigma_eps)*(T*c + log_N)/(sigma_x*sigma_x)), (1/2)*(sigma_x*sigma_x)*((-M + w0*w1)*(-M + w0*w1))*Math.exp(-2*log_N)];
}

function timeScales({M, sigma_x, sigma_eps}, [w0, w1, w_ni]) {
  return [1/((sigma_eps*sigma_eps)*(w1*w1)), (1/2)/((sigma_x*sigma_x)*((w0*w0) + (w1*w1)))];
}
return { passiveFlow, timeScales };
}
return { makeLinear, makeTimescales };
})(),
);
Object.assign(
  globalThis,
  (() => {
function makeLinear() {
function run(parameters, start, steps, stream) {
  const {eta, M, sigma_x, sigma_eps, batch_size} = parameters;
  let [w0, w1, w_ni] = start;
  const xx = (sigma_x*sigma_x);
  const ee = (sigma_eps*sigma_eps);
  const xe_unit = -sigma_eps*sigma_x/Math.sqrt(batch_size);
  const record = [w0, w1, w_ni].map(
    value => new Float64Array(steps + 1).fill(value),
  );
  for (let t = 0; t < steps; t++) {
    const Phi = stream[t];
    const xe = Phi*xe_unit;
    const u = -M + w0*w1;
    const v = w1*w_ni;
    const du = u*xx + v*xe;
    const dv = ee*v + u*xe;
    const next_w0 = -du*eta*w1 + w0;
    const next_w1 = -eta*(du*w0 + dv*w_ni) + w1;
    const next_w_ni = -dv*eta*w1 + w_ni;
    w0 = next_w0;
    w1 = next_w1;
    w_ni = next_w_ni;
    if (!(Number.isFinite(w0)
        && Number.isFinite(w1)
        && Number.isFinite(w_ni))) {
      for (const values of record) values.fill(Infinity, t + 1);
      break;
    }
    record[0][t + 1] = w0;
    record[1][t + 1] = w1;
    record[2][t + 1] = w_ni;
  }
  return record;
}

function loss({M, sigma_x, sigma_eps}, w0, w1, w_ni) {
  const u = -M + w0*w1;
  const v = w1*w_ni;
  return (1/2)*(sigma_eps*sigma_eps)*(v*v) + (1/2)*(sigma_x*sigma_x)*(u*u);
}

function clean_loss({M, sigma_x}, w0, w1) {
  const u = -M + w0*w1;
  return (1/2)*(sigma_x*sigma_x)*(u*u);
}

function boundaries({w0, w1, w_ni, eta, M, sigma_x}) {
  const largest = (((Math.abs(w0) >= Math.abs(w1) || Math.abs(w1) >= Math.sqrt(Math.abs(M))) && (Math.abs(w0) >= Math.sqrt(Math.abs(M)) || Math.abs(w0) < Math.abs(w1))) ? (
   ((Math.abs(w0) >= Math.abs(w1)) ? (
      Math.abs(w0)
   )
   : (
      Math.abs(w1)
   ))
)
: (
   Math.sqrt(Math.abs(M))
));
  const scale = ((largest > 0) ? (
   largest
)
: (
   1
));
  const a0 = w0/scale;
  const a1 = w1/scale;
  const m = M/(scale*scale);
  const P = a0*a1;
  const c = -(a0*a0) + (a1*a1);
  const gap = -P + m;
  const full = -0.1*gap + m;
  const end = ((c > 0 || P*full > 0 || c < 0) ? (
   full
)
: (
   0
));
  const R = Math.hypot(c, 2*m);
  const dot_P = 4*P*m + (c*c);
  const dot_end = (c*c) + 4*end*m;
  const len_P = R*Math.hypot(c, 2*P);
  const len_end = R*Math.hypot(c, 2*end);
  const F_P = ((dot_P > 0) ? (
   Math.log(dot_P + len_P) - Math.log(Math.abs(P - m))
)
: (
   -Math.log(-dot_P + len_P) + 2*Math.log(2*Math.abs(c)) + Math.log(Math.abs(P - m))
));
  const F_end = ((dot_end > 0) ? (
   Math.log(dot_end + len_end) - Math.log(Math.abs(end - m))
)
: (
   -Math.log(-dot_end + len_end) + 2*Math.log(2*Math.abs(c)) + Math.log(Math.abs(end - m))
));
  const twist = ((c > 0 || c < 0) ? (
   c*(-F_P + F_end)/R
)
: (
   0
));
  const grown = twist + Math.log(gap/(-end + m));
  const rests = ((Math.abs(w1) <= 0) ? (
   0
)
: (
   Number.POSITIVE_INFINITY
));
  const exposure = ((end == m || (sigma_x*sigma_x) <= 0) ? (
   rests
)
: ((grown > 0) ? (
   (1/2)*grown/(sigma_x*sigma_x)
)
: (
   0
)));
  const rest0 = ((sigma_x > 0) ? (
   w0
)
: (
   0
));
  const rest_M = ((sigma_x > 0) ? (
   M
)
: (
   0
));
  const c_end = -(rest0*rest0) + (w1*w1) - (w_ni*w_ni);
  const R_end = Math.hypot(c_end, 2*rest_M);
  const B_0 = (((w1*w1) >= (w_ni*w_ni)) ? (
   (w1*w1)
)
: (
   (w_ni*w_ni)
));
  const w1_end2 = ((c_end >= 0) ? (
   (1/2)*R_end + (1/2)*c_end
)
: (
   2*(rest_M*rest_M)/(R_end - c_end)
));
  return [Math.sqrt(Math.log(2))/Math.sqrt(exposure), Math.sqrt(2)/(Math.sqrt(B_0)*Math.sqrt(eta)), Math.sqrt(2)/(Math.sqrt(eta)*Math.sqrt(w1_end2)), 2/(Math.sqrt(eta)*Math.sqrt((w1*w1) + (w_ni*w_ni)))];
}

function stability({eta, sigma_eps}, w1, w_ni) {
  return [eta*(sigma_eps*sigma_eps)*(w1*w1), eta*((sigma_eps*sigma_eps)*(w1*w1) + (sigma_eps*sigma_eps)*(w_ni*w_ni))];
}

const [LARGEST_WEIGHT, LEARNED, DECAYED] = [100000000.0, 0.01, 0.5];
return { run, loss, clean_loss, boundaries, stability, LARGEST_WEIGHT, LEARNED, DECAYED };
}
const stepColors = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];
return { stepColors };
})(),
);
Object.assign(
  globalThis,
  (() => {
const network = {"a": [-0.43234000554110225, -1.130096771890423, 0.6738436579279797, -1.1078145982748595, 2.013915583091144, 0.9241120367011457], "b": [-0.3592629380835823, 0.5705157312751826, 1.6115890898926153, 2.833969406582865, -0.9232646653032858, 1.0650737311362373], "v": [0.21136672677384147, -0.11412623216415997, 0.4458880410910018, 0.20688974167211702, 0.43937348133689635, -0.2146973898859314], "w_ni": [-0.0024914766372042224, 0.39496114690847944, 0.019602356389466728, 0.016572438548405812, -0.7684164980499638, 0.1263793886240963], "x": [0.345584192064786, 0.8216181435011584, 0.33043707618338714, -1.303157231604361, 0.9053558666731177, 0.4463745723640113, -0.5369532353602852, 0.5811181041963531, 0.36457239618607573, 0.294132496655526, 0.02842224131579679, 0.5467129866124469, -0.7364540870016669, -0.16290994799305278, -0.48211931267997826, 0.5988462126346276, 0.03972210748165899, -0.2924567509650886, -0.7819084623568421, -0.2571922406188707, 0.008142180518343508, -0.2756029052993704, 1.2940638143982073, 1.0067243153057943, -2.7111624789659685, -1.8890132459676727, -0.17477209205516195, -0.42219041157635356, 0.2136429974986111, 0.21732193102256359, 2.1178387550510482, -1.1120207626922813], "y": [0.6374378591456262, 0.9973773732468257, 0.6138071912101167, -0.5100803381551403, 0.9713580794614586, 0.7787991536285258, -0.8790693974906545, 0.9176938221400176, 0.6662321123808463, 0.5549184986075554, 0.056813874026584825, 0.8882061705391151, -0.9952127792355315, -0.3200856534723923, -0.8216151386151127, 0.9312004376046977, 0.07936067418208789, -0.5521272657783457, -0.9999756440721635, -0.49199907426900436, 0.01628364133062843, -0.5237148317978005, 0.5256381038333737, 0.9036187613422076, 0.7584036064330725, 0.5943312468751336, -0.34246959083981776, -0.7475600017797533, 0.41440233256838044, 0.4210874038066411, -0.8885086984169376, -0.7941156600253344], "taylor": {"tanh": [0.16879739491299656, 0.03876023390542073, 0.03111065892570418, -0.012843871530168999, -0.0017008012361784284, 0.0016205464161290646, 0.00024327486139455448, -0.00028874474635127333, -3.5614769988695574e-05], "relu": [0.791549113881953, -0.11524335747522457, 0.016786137633303277, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]}, "sigmas": [0.02, 0.021429115506614034, 0.022960349569790314, 0.024600999150163623, 0.026358882618348508, 0.028242377012693557, 0.03026045795931756, 0.032422742444662714, 0.034739534644393735, 0.03722187502703668, 0.039881592966356065, 0.04273136311319049, 0.04578476579538129, 0.049056351733624846, 0.05256171138164665, 0.056317549221130775, 0.06034176336545162, 0.06465353085155173, 0.06927339902641683, 0.07422338346364252, 0.07952707287670507, 0.08520974152889124, 0.0912984696755669, 0.09782227261274114, 0.10481223894689581, 0.11230167874499301, 0.1203262822706559, 0.1289242900629665, 0.13813667516837608, 0.1480073383941377, 0.15858331751372434, 0.1699150114211824, 0.18205642030260805, 0.19506540296926306, 0.20900395257862753, 0.22393849205731456, 0.23994019063365826, 0.25708530298838267, 0.2754555326395459, 0.2951384212934362, 0.31622776601683794, 0.33882406621866695, 0.3630350025710228, 0.3889759501519185, 0.41677052825502037, 0.44655118948646894, 0.4784598509560719, 0.51264857057075, 0.549280271653059, 0.5885295193378869, 0.6305833524471807, 0.6756421748069275, 0.7239207102538778, 0.7756490258830213, 0.8310736284119961, 0.8904586388870747, 0.9540870513286723, 1.0222620813143455, 1.0953086109258394, 1.173574736945939, 1.2574334296829353, 1.3472843103276735, 1.443555555313027, 1.5467059367508615, 1.6572270086699936, 1.7756454494734875, 1.9025255717780485, 2.0384720115959367, 2.1841326096744593, 2.3402014987238164, 2.5074224112451966, 2.6865922237222994, 2.8785647540658132, 3.0842548304072164, 3.3046426506314255, 3.540778453423199, 3.793787523086796, 4.0648755519889095, 4.3553343861790905, 4.6665481815679835, 5.0], "mean_power": [1, 0, 1, 0, 3, 0, 15, 0, 105]};
return { network };
})(),
);
Object.assign(
  globalThis,
  (() => {
function noise_normal(u, v) {
  return Math.sqrt(2)*Math.sqrt(-Math.log(u))*Math.cos(2*Math.PI*v);
}
function noise_uniform(u, v) {
  return Math.sqrt(3)*(2*u - 1);
}
function noise_rademacher(u, v) {
  return Math.sign(u - 1/2);
}
function noise_laplace(u, v) {
  return -1/2*Math.sqrt(2)*Math.log(1 - 2*Math.abs(u - 1/2))*Math.sign(u - 1/2);
}
function noise_student_t(u, v) {
  return Math.sqrt(-3 + 3/Math.pow(u, 2/5))*Math.cos(2*Math.PI*v);
}
const noises = { "normal": noise_normal, "uniform": noise_uniform, "rademacher": noise_rademacher, "laplace": noise_laplace, "student-t": noise_student_t };
const moments = {"noise": {"normal": [1.0, 0.0, 1.0, 0.0, 3.0, 0.0, 15.0, 0.0, 105.0, 0.0, 945.0, 0.0, 10395.0, 0.0, 135135.0, 0.0, 2027025.0, 0.0, 34459425.0, 0.0, 654729075.0, 0.0, 13749310575.0, 0.0, 316234143225.0], "uniform": [1.0, 0.0, 1.0, 0.0, 1.8, 0.0, 3.857142857142857, 0.0, 9.0, 0.0, 22.09090909090909, 0.0, 56.07692307692308, 0.0, 145.8, 0.0, 385.94117647058823, 0.0, 1035.9473684210527, 0.0, 2811.8571428571427, 0.0, 7702.04347826087, 0.0, 21257.64], "rademacher": [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0], "laplace": [1.0, 0.0, 1.0, 0.0, 6.0, 0.0, 90.0, 0.0, 2520.0, 0.0, 113400.0, 0.0, 7484400.0, 0.0, 681080400.0, 0.0, 81729648000.0, 0.0, 12504636144000.0, 0.0, 2375880867360000.0, 0.0, 5.4882848036016e+17, 0.0, 1.5147666057940415e+20], "student-t": [1.0, 0.0, 1.0, 0.0, 9.0, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null]}, "q": [1.0, 1.0, 1.3333333333333333, 2.0, 3.2]};
const sampling = {"samples": 262144, "sizes": [4, 8, 16, 32, 64, 128, 256, 512, 1024]};
return { noises, moments, sampling };
})(),
);
Object.assign(
  globalThis,
  (() => {
const digits = {"levels": [-0.8116429028569947, -0.6452737353022538, -0.47890456774751305, -0.31253540019277226, -0.14616623263803144, 0.020202934916709388, 0.1865721024714502, 0.352941270026191, 0.5193104375809319, 0.6856796051356727, 0.8520487726904135, 1.0184179402451543, 1.184787107799895, 1.351156275354636, 1.517525442909377, 1.6838946104641177, 1.8502637780188587], "pixels": "AABNHAAAAAHOCAAAAANFAAAAAAQDAAAAADQKMMDAADQLFJMAABNLENLAAABMQLCAAACNKAAAAAKNAAAAAAQGAAAAADQICAAAAHQQQLAAAEQCELJAABNLIMMAAABMQOEAAACQIAAAAAIPFAAAACQHAAAAADQHFBAAAHQQQPDAAFQMEKOAAAONFKPAAADNQQHAAAKPCAAAAHQQGAAAAMNMJAAAAIJNHAAAAAAQFAAAAAGPBAAAAAQOEFIDAAIQQQQJACNNLJAAAKQQQPKAALQJAAAAADPQIAAAAACLOAAAAAAIQAAAAABLLAAAABQPEAAAAABOGAAAAAHQBAAAAANKAAAAAAOHAAAAADQKIDAAAAQNMOHAAAOJELNAAACMQMEAAACOKAAAAAMKAAAAACPCAAAAAHMBEGAAAHQQPPIAAAQNAEMAAAKMEIPAAACLQPFAAEPPIAAAAIQQQDAAABABPFAAAAAALGAAAAADPCAAAAEPQOGAAGQQPLDAAHOLAAAAAACOIAAAADOKQBAAALICPAAAAJIBNAAAABDGKAAAAAAJHAAAAAAOJEHDAABOQQNIAAAANMAAAAAKQOAAABMQQLAAALQMQIAAAGEHQGAAAAAGQFAAAAAEQIAAAAAAPLAAAAEQPEAAAAIQQEAAAAMQNAAAACQQKAAAADQQIAAAACQQMAAAAAJQQEAAAADMOLAAAADEKAAAADPIODAAAIHAKGAAADLIPLAAAABHDNDAAAAAAGJAAAJGBAQAAAADLQQDAAFMAAAAAAOKOMAAACQQILCAADQLAJDAAFMCAMEAABMAANDAAANGINAAAADOMDAAAABKPCAAAAHQHDFAADQHDQLAAJOBKOCAALQQQKAAACEIQDAAAAAJNAAAAAAMJAAAAAAALPBAAAAGQQCAADNQQQAAAJQMQOAAABDAQNAAAAAAONAAAAAAMQFAAAAAIQHAAAADNQLAAAEPLIQDACPJGNPDAEQQQQLAAAHIGQCAAAAAGOAAAAAAOJAAAAADQEAA", "labels": "6662566221190419", "train": 12};
return { digits };
})(),
);
Object.assign(
  globalThis,
  (() => {
const outcomes = {"thresholds": {"diverged": 100000000.0, "catapulted": 2.0, "decayed": 0.9, "learned": 0.25}, "clean_every": 5, "sentences": {"lost": "The batch loss passes 10\u2078 in epoch {epoch}.", "peak": "The batch loss peaks at {peak} times its start.", "learned": "When the clean loss is down to a quarter, the noise weights have {kept}\u00a0% of their norm.", "unlearned": "In the end, the noise weights have {kept}\u00a0% of their norm.", "accuracy": "The validation accuracy at epoch {epochs} is {accuracy}\u00a0%.", "early": "the batch loss is still up; more epochs will tell whether it comes back."}};
return { outcomes };
})(),
);
